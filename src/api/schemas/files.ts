import { z } from "zod";
import { LongText } from "../body/long-text.js";
import { integer, list, MAX_SAFE, orDefault, text } from "./fields.js";

/** Base64 that is still to be decoded; a long one is not a string (parse-json.ts). */
const content = z
  .custom<string | LongText | null | undefined>(
    (value) =>
      value === undefined || value === null || typeof value === "string" || value instanceof LongText,
    { error: "expected base64 (standard alphabet, with padding)" },
  )
  .transform((value) => value ?? "")
  .meta({
    type: ["string", "null"],
    contentEncoding: "base64",
    description:
      "The file's bytes, standard alphabet with padding; line breaks are ignored. Missing: an empty file.",
  });

/** Body of PATCH /runners/{runnerId}/files. */
export const filesRequest = z
  .object(
    {
      delete: list(text()).meta({ description: "Paths to remove recursively, before anything is written." }),
      copy: list(
        z.object(
          {
            path: orDefault(text(), "").meta({ description: "A path ending in `/` is a directory." }),
            content: content.optional(),
          },
          { error: "expected an object" },
        ),
      ).meta({ description: "Files to write." }),
    },
    { error: "expected an object" },
  )
  .meta({ id: "FilesRequest" });

/** One line of a listing. */
export const fileAnswer = z
  .object({
    name: z.string(),
    entryType: z.string().meta({ description: "The first character of `ls -l`: `-`, `d`, `l`, …" }),
    linkTarget: z.string().optional(),
    size: integer(0, MAX_SAFE),
    modificationTime: integer(-MAX_SAFE, MAX_SAFE).meta({ description: "Unix seconds" }),
    permissions: z.string().meta({ description: "`rwxr-xr-x`, with `+` behind it where there is an ACL" }),
    owner: z.string(),
    group: z.string(),
  })
  .meta({ id: "File" });

/** Answer of GET /runners/{runnerId}/files. */
export const filesAnswer = z.object({ files: z.array(fileAnswer) }).meta({ id: "Files" });
