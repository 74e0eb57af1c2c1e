// What Uppy is told of a file, and what that tells after a reload.
import type { UppyFile } from "@uppy/core";
import type { Sent } from "./already";
import { type Item, keyOf, Meter } from "./item";

export interface Meta extends Sent {
  [key: string]: unknown;
  filetype: string;
  modified: number;
}
export type Body = { xhr: XMLHttpRequest };
export type Carried = UppyFile<Meta, Body>;

export function metaOf(item: Item, file: File): Meta {
  return {
    filename: file.name,
    filetype: file.type,
    relative_path: item.path,
    relativePath: exactly(item.key), // which Uppy takes into its name for the file
    modified: file.lastModified,
    begun: (item.begun ??= Date.now()),
  };
}

export function restored(file: Carried): Item {
  const { filename: name, relative_path: path, modified, begun } = file.meta;
  const size = file.size ?? 0;
  const sent = file.progress.bytesUploaded || 0;
  const state = file.isGhost ? "lost" : file.isPaused ? "paused" : "sending";
  const key = keyOf(path, name, size, modified);
  const item: Item = { key, name, path, size, modified, begun, state, sent, meter: new Meter(), uppy: file.id };
  if (file.data instanceof File) item.found = { file: file.data, path };
  return item;
}

// Uppy makes all letters small, and would take A.txt for a.txt.
function exactly(key: string): string {
  return encodeURIComponent(key).replace(/[A-Z]/g, "^$&");
}

export function urlOf(file: Carried | undefined): string | undefined {
  return file && "tus" in file ? (file.tus as { uploadUrl?: string | null } | undefined)?.uploadUrl ?? undefined : undefined;
}
