/** A sound file on its way to the box. */

/** What a file is called until somebody says otherwise: its name without the ending, at most 80 characters. */
export const nameOf = (file: File): string =>
  file.name.replace(/\.[^.]*$/, "").trim().slice(0, 80) || file.name.slice(0, 80);

/** The file as the body of a request, as it is. */
export const sent = (file: File) => ({
  body: file as unknown as string,
  bodySerializer: (body: unknown) => body as BodyInit,
  headers: { "Content-Type": "application/octet-stream" },
});

/** Throws what the box would answer to a file with more bytes than it takes. */
export function fits(file: File, bytesMax: number | undefined): void {
  if (bytesMax !== undefined && file.size > bytesMax) throw { error: "file_big", message: "" };
}
