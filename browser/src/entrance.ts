// The ways in: the whole page as a drop zone, the buttons, and the clipboard.
import { find } from "./dom";
import { said } from "./language";
import { tell } from "./say";
import { type Batch, fromDrop, fromList } from "./gather";
import type { Sending } from "./sending";
import { slot } from "./slot";
import type { Server } from "./transport";

export function open(mould: HTMLTemplateElement): void {
  let ready = begin(mould); // what is chosen earlier waits for it
  const take = async (found: AsyncIterable<Batch>): Promise<void> => {
    document.getElementById("problem")?.remove();
    ready = ready.catch(() => begin(mould));
    try {
      await (await ready).take(found);
    } catch {
      tell(said("What sends files could not be loaded. Load the page again."));
    }
  };
  const choose = (files: readonly File[]) => take(fromList(files));
  takeChosen("file", "choose", choose);
  takeChosen("folder", "choose-folder", choose);
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) choose(files);
  });
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    document.body.classList.remove("over");
    void take(fromDrop(event.dataTransfer));
  });
}

function takeChosen(inputId: string, buttonId: string, take: (files: readonly File[]) => unknown): void {
  const input = find<HTMLInputElement>(document, `#${inputId}`);
  input.multiple = true;
  input.tabIndex = -1;
  input.ariaHidden = "true"; // the button beside it stands for it
  find(document, `#${buttonId}`).addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = "";
  });
}

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

async function begin(mould: HTMLTemplateElement): Promise<Sending> {
  const { Sending } = await import("./sending");
  const sending = new Sending(await server(mould), mould);
  await sending.ready;
  return sending;
}

async function server(mould: HTMLTemplateElement): Promise<Server> {
  const { address = "", owner = "" } = mould.dataset;
  return { address: new URL(address, location.href).href, name: `filemill-${owner}-${await slot()}` };
}
