// What has arrived last. Golden Retriever writes down a moment later that a file is done, but gives its bytes away at once:
// who left the page between would be asked to choose the file again.
import type { Item } from "./item";
import { remember, remembered } from "./remembered";

const ARRIVED = "filemill-arrived";
const MOST = 50;

export function noteArrival(item: Item): void {
  remember("sessionStorage", ARRIVED, JSON.stringify([...arrived(), nameOf(item)].slice(-MOST)));
}

export function hasArrived(item: Item): boolean {
  return arrived().includes(nameOf(item));
}

function arrived(): string[] {
  return JSON.parse(remembered("sessionStorage", ARRIVED) ?? "[]") as string[];
}

// The same file may be sent again, at another time.
function nameOf({ key, begun }: Item): string {
  return `${begun} ${key}`;
}
