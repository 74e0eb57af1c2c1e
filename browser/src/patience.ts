// How long the page waits before it asks again: of itself, and because the server asked for it, whichever upload that told.
const LONGEST_SECONDS = 120;
export const PAUSES = [300, 1000, 2000, 3000, ...Array<number>(200).fill(5000)]; // a quarter of an hour

let notBefore = 0;

export function heed(seconds: string | undefined): void {
  const pause = Math.min(Number(seconds ?? 0) || 0, LONGEST_SECONDS);
  if (pause) notBefore = Math.max(notBefore, Date.now() + pause * 1000);
}

export async function patience(): Promise<void> {
  while (Date.now() < notBefore) await new Promise((resolve) => setTimeout(resolve, notBefore - Date.now()));
}
