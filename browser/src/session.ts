// A session that ends while files are on their way: the page stays, and takes the token of the next one.
import { said } from "./language";

const WORDS = said("You are signed out. Sign in in another tab.");

interface Notice {
  tell(words: string): void;
  untell(words: string): void;
}

export function outlive(mould: HTMLTemplateElement, isNeeded: () => boolean, notice: Notice): void {
  let isOver = false;
  addEventListener("leave", (event) => {
    if (!isNeeded()) return;
    event.preventDefault();
    isOver = true;
    notice.tell(WORDS);
  });
  addEventListener("listed", async () => {
    if (!isOver || !(await renew(mould))) return;
    isOver = false;
    notice.untell(WORDS);
  });
}

// Only for who was signed in before.
async function renew(mould: HTMLTemplateElement): Promise<boolean> {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const { owner, token } = page.getElementById("mould")?.dataset ?? {};
  if (!token || owner !== mould.dataset.owner) return false;
  mould.dataset.token = token;
  for (const field of document.querySelectorAll<HTMLInputElement>("[name=csrfmiddlewaretoken]")) field.value = token;
  return true;
}
