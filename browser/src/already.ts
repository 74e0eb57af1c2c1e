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

// Raises where nobody can tell.
export async function arrivedAlready(files: URL, bytes: Blob, sent: Sent): Promise<string | undefined> {
  if (!("subtle" in crypto)) return undefined; // browsers count no digests for pages without https
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer()));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const response = await fetch(new URL(`?${new URLSearchParams({ sha256 })}`, files), { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(response.statusText);
  const { results } = (await response.json()) as { results: Listed[] };
  const ahead = (Date.parse(response.headers.get("Date") ?? "") || Date.now()) - Date.now(); // the server's clock
  return results.find((each) => isSame(each, sent) && Date.parse(each.uploaded_at) > sent.begun + ahead - ROUNDING)?.id;
}

function isSame(listed: Listed, { filename, relative_path }: Sent): boolean {
  return plain(listed.name) === plain(filename) && plain(listed.metadata.relative_path ?? "") === plain(relative_path);
}

// The server leaves out of names what cannot be seen.
function plain(name: string): string {
  return name.replace(/\p{C}/gu, "").trim();
}
