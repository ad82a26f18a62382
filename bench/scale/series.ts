import { growth } from "../measure/statistics.js";

/** One figure at several sizes. */
export interface Series {
  readonly title: string;
  readonly unit: string;
  /** At the largest size. */
  readonly goal: number | undefined;
  readonly points: readonly Point[];
  /** As how the figure grows with the size: 0 constant, 1 linear. NaN where it cannot be said. */
  readonly growth: number;
}

/** A figure at one size. */
export interface Point {
  readonly size: number;
  readonly value: number;
}

/** A part of the load test: what its size counts, and what was measured at each size. */
export interface ScalePart {
  readonly title: string;
  readonly sizes: readonly number[];
  readonly series: readonly Series[];
}

/** What is measured at one size, by title. */
export type Figures = Readonly<
  Record<string, { readonly unit: string; readonly value: number; readonly goal?: number }>
>;

/** Puts the figures of all sizes together; a figure that one size does not have is left out there. */
export function collectSeries(
  title: string,
  measured: readonly { readonly size: number; readonly figures: Figures }[],
): ScalePart {
  const titles = [...new Set(measured.flatMap(({ figures }) => Object.keys(figures)))];
  const series = titles.map((name): Series => {
    const points = measured.flatMap(({ size, figures }) => {
      const value = figures[name]?.value;
      return value === undefined ? [] : [{ size, value }];
    });
    const [first, last] = [points[0], points.at(-1)];
    const described = measured.find(({ figures }) => figures[name] !== undefined)?.figures[name];
    return {
      title: name,
      unit: described?.unit ?? "",
      goal: described?.goal,
      points,
      growth: first === undefined || last === undefined || first === last ? Number.NaN : growth(first, last),
    };
  });
  return { title, sizes: measured.map(({ size }) => size), series };
}
