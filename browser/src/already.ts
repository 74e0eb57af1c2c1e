// Whether a file that went in one request has arrived, although its answer never came.

const ROUNDING = 2000; // servers tell their time in whole seconds

export interface Sent {
  filename: string;
  relative_path: string;
  begun: number;
}

interface Listed {
  id: string;
  name: string;
  uploaded_at: string;
  metadata: { relative_path?: string };
}

interface Page {
  results: Listed[];
  next: string | null;
}

// Raises where nobody can tell.
export async function arrivedAlready(files: URL, bytes: Blob, sent: Sent): Promise<string | undefined> {
  if (!("subtle" in crypto)) return undefined; // browsers count no digests for pages without https
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer()));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let next: URL | null = new URL(`?${new URLSearchParams({ sha256, page_size: "200" })}`, files);
  while (next) {
    const response: Response = await fetch(next, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.statusText);
    const page = (await response.json()) as Page;
    const ahead = (Date.parse(response.headers.get("Date") ?? "") || Date.now()) - Date.now(); // the server's clock
    const since = page.results.filter((each) => Date.parse(each.uploaded_at) > sent.begun + ahead - ROUNDING);
    const same = since.find((each) => isSame(each, sent));
    if (same) return same.id;
    const isAll = !page.next || since.length < page.results.length; // the newest come first
    next = isAll ? null : new URL(new URL(page.next ?? "").search, files);
  }
  return undefined;
}

function isSame(listed: Listed, { filename, relative_path }: Sent): boolean {
  return plain(listed.name) === plain(filename) && plain(listed.metadata.relative_path ?? "") === plain(relative_path);
}

// The server leaves out of names what cannot be seen.
function plain(name: string): string {
  return name.replace(/\p{C}/gu, "").trim();
}
