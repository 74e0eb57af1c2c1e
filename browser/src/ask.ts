// What a page asks its server for; it leaves where it may not ask any more.

const TIMEOUT = 60_000; // a line that is dead would else never be asked again

export async function fragment(address: string): Promise<Document> {
  const response = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(TIMEOUT) });
  if (response.redirected || response.status === 404) leave(); // signed out, or the file was deleted
  if (!response.ok) throw new Error(response.statusText);
  dispatchEvent(new Event("listed"));
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// Undefined where the server does not take this question.
export async function json<Answer>(address: string): Promise<Answer | undefined> {
  const response = await fetch(address, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT) });
  if (response.redirected || response.status === 401) leave();
  if (response.status === 400 || response.status === 410) return undefined;
  if (!response.ok) throw new Error(response.statusText);
  dispatchEvent(new Event("listed"));
  return (await response.json()) as Answer;
}

// Uploads that are under way keep the page.
function leave(): never {
  if (dispatchEvent(new Event("leave", { cancelable: true }))) location.reload();
  throw new Error("The page is not to be had.");
}
