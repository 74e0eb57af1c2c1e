// Words to those who cannot see what changed, and to all where it must not be missed.
import { find, setText } from "./dom";

export function say(words: string): void {
  setText(find(document, "#said"), words);
}

export function tell(words: string): void {
  document.querySelector(".notice.of-deeds")?.remove();
  if (!words) return;
  document.getElementById("messages")?.replaceChildren(); // of what was done before
  const notice = Object.assign(document.createElement("p"), { className: "notice of-deeds", textContent: words });
  find(document, "#chosen").before(notice);
  say(words);
}
