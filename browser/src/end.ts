// Ends uploads on the server that nobody wants any more.
import { PAUSES, patience } from "./patience";
import { remembers } from "./remembered";
import { headers, type Session } from "./session";

const ADDRESS = "tus::"; // so begins what tus remembers for who chooses the same file again

// What came of an upload goes as soon as the server can be reached, and does not complete it just then.
export async function end(url: string, session: Session): Promise<void> {
  if (remembers()) forget(url);
  for (const pause of PAUSES) {
    await session.admitted;
    await patience();
    const options = { method: "DELETE", headers: { ...headers(), "Tus-Resumable": "1.0.0" } };
    const status = await fetch(url, options).then((answer) => answer.status, () => 0);
    if (status && status < 500 && ![401, 403, 423, 429].includes(status)) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function forget(url: string): void {
  for (const [key, value] of Object.entries<string>(localStorage))
    if (key.startsWith(ADDRESS) && value.includes(url)) localStorage.removeItem(key);
}
