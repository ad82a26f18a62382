import { claim, claimBurst, firstCold, firstWarm, refill } from "./claims.js";
import { bareCommand, cycle, firstByte, stdout } from "./commands.js";
import { copyLarge, copySmall, downloadLarge, downloadSmall, list } from "./files.js";
import { cpuPerCommand, rateAtOnce, rateOfFour, rateOfSixteen } from "./rates.js";
import type { Step } from "./step.js";

/** The steps in the order in which they run; memory and recovery are measured around them. */
export const STEPS: readonly Step[] = [
  claim,
  claimBurst,
  bareCommand,
  firstByte,
  cpuPerCommand,
  copySmall,
  copyLarge,
  list,
  downloadSmall,
  downloadLarge,
  stdout,
  cycle,
  rateOfFour,
  rateOfSixteen,
  rateAtOnce,
  firstWarm,
  firstCold,
  refill,
];
