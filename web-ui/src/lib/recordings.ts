/** Where recordings are. */

/** The file of a recording; to be kept, or to be played in parts. */
export const soundOf = (id: string, keep = false): string => `/api/v1/recordings/${id}/sound${keep ? "?download=true" : ""}`;
