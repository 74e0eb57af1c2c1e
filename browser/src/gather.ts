// Files out of what people drop, paste and choose; folders are walked through, a bounded number of entries at a time.
import { breathe } from "./dom";
import type { Found } from "./item";

const AT_ONCE = 50; // to ask for a file's size and time is slow

export interface Batch {
  found: Found[];
  unread: number; // files and folders that may not be read, or vanished
}

export async function* fromList(files: readonly File[]): AsyncGenerator<Batch> {
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const found = files.slice(start, start + AT_ONCE).map((file) => ({ file, path: file.webkitRelativePath }));
    yield { found, unread: 0 };
    await breathe();
  }
}

// What was dropped is taken out at once, for it is gone after the event; folders are read later.
export function fromDrop(data: DataTransfer): AsyncGenerator<Batch> {
  const folders: FileSystemDirectoryEntry[] = [];
  const loose: File[] = [];
  for (const item of data.items) {
    const entry = item.webkitGetAsEntry();
    const file = entry?.isDirectory ? null : item.getAsFile();
    if (isFolder(entry)) folders.push(entry);
    else if (file) loose.push(file);
  }
  return all(loose, folders);
}

async function* all(loose: File[], folders: FileSystemDirectoryEntry[]): AsyncGenerator<Batch> {
  yield* fromList(loose);
  while (folders.length) {
    const reader = folders.pop()?.createReader();
    for (let entries = await next(reader); entries?.length !== 0; entries = await next(reader)) {
      if (!entries) {
        yield { found: [], unread: 1 };
        break;
      }
      folders.push(...entries.filter(isFolder));
      const files = entries.filter((entry): entry is FileSystemFileEntry => entry.isFile);
      for (let start = 0; start < files.length; start += AT_ONCE) {
        const some = files.slice(start, start + AT_ONCE);
        const found = (await Promise.all(some.map(opened))).filter((each) => each !== undefined);
        yield { found, unread: some.length - found.length };
        await breathe();
      }
    }
  }
}

function isFolder(entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry {
  return entry?.isDirectory ?? false;
}

function next(reader?: FileSystemDirectoryReader): Promise<FileSystemEntry[] | undefined> {
  return new Promise((resolve) => (reader ? reader.readEntries(resolve, () => resolve(undefined)) : resolve([])));
}

function opened(entry: FileSystemFileEntry): Promise<Found | undefined> {
  const path = entry.fullPath.slice(1);
  return new Promise((resolve) => entry.file((file) => resolve({ file, path }), () => resolve(undefined)));
}
