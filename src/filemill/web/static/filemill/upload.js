// Sends files one by one, each in a row that later becomes the file's own.
import { refresh } from "./live.js";

const AT_ONCE = 3;
const FORM = /^(multipart\/|application\/x-www-form-urlencoded)/; // as the type of a body these would say that it is a form
const waiting = [];
let sending = 0;

export function takeFiles() {
  const input = document.getElementById("file");
  input.multiple = true;
  input.tabIndex = -1;
  input.ariaHidden = "true"; // the button beside it stands for it
  document.getElementById("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => { take(input.files); input.value = ""; });
  addEventListener("dragover", (event) => { if (hasFiles(event)) { event.preventDefault(); document.body.classList.add("over"); } });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("over"); });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.body.classList.remove("over");
    const folders = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()?.isDirectory);
    take([...event.dataTransfer.files].filter((_, index) => !folders[index]));
    if (folders.some(Boolean)) say("Folders cannot be sent yet. Open them and drop the files.", true);
  });
  addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function take(files) {
  const rows = document.getElementById("rows");
  document.getElementById("problem")?.remove();
  for (const file of [...files].reverse()) {
    const row = document.getElementById("mould").content.firstElementChild.cloneNode(true);
    row.querySelector(".name bdi").textContent = row.querySelector(".name").title = file.name;
    row.querySelector(".size").textContent = size(file.size);
    rows.prepend(row);
    waiting.unshift({ file, row });
  }
  start();
}

function start() {
  while (sending < AT_ONCE && waiting.length) send(waiting.shift());
}

function send({ file, row }) {
  sending += 1;
  const request = new XMLHttpRequest();
  const stop = button(row, "Cancel", file.name, () => request.abort());
  show(row, "water", "go", "Uploading");
  request.upload.addEventListener("progress", (event) => {
    row.querySelector(".track").value = event.loaded / event.total;
    show(row, "water", "go", "Uploading", `${Math.floor((100 * event.loaded) / event.total)}%`);
  });
  request.addEventListener("load", () => (request.status === 201 ? arrived(row, file, request.response) : failed(row, file, reason(request))));
  request.addEventListener("error", () => failed(row, file, "The connection broke before the file was whole."));
  request.addEventListener("abort", () => row.remove());
  request.addEventListener("loadend", () => { stop.remove(); sending -= 1; start(); });
  // The bytes alone, with the name beside them: in a form, browsers turn quotes in names into %22.
  const { address, token } = document.getElementById("mould").dataset;
  request.open("POST", `${address}?${new URLSearchParams({ name: file.name })}`);
  if (token) request.setRequestHeader("X-CSRFToken", token); // there is one where somebody has signed in
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("Content-Type", FORM.test(file.type) || !file.type ? "application/octet-stream" : file.type);
  request.send(file);
}

function arrived(row, file, made) {
  say(`${file.name} arrived.`);
  const id = `file-${made.id}`;
  if (document.getElementById(id)) row.remove(); // the refresh was quicker
  row.id = id;
  row.querySelector(".name").href = `/app/files/${made.id}/`;
  row.querySelector(".track")?.remove();
  show(row, "good", "ok", "Arrived");
  refresh();
}

function failed(row, file, words) {
  say(`${file.name} was not sent. ${words}`);
  show(row, "bad", "no", "Not sent");
  const note = row.querySelector(".note");
  note.className = "note bad";
  note.querySelector("span").textContent = words;
  row.querySelector(".track").hidden = true;
  const retry = button(row, "Try again", file.name, () => {
    retry.remove();
    note.querySelector("span").textContent = "";
    row.querySelector(".track").hidden = false;
    waiting.push({ file, row });
    start();
  });
}

function reason(request) {
  return request.response?.detail ?? `The server answered ${request.status} without a reason.`;
}

function show(row, tone, shape, word, detail = "") {
  const look = row.querySelector(".look");
  look.className = `look ${tone}`;
  look.querySelector("svg").setAttribute("class", `shape ${shape}`);
  look.querySelector("use").setAttribute("href", `#${shape}`);
  look.querySelector(".word").textContent = word;
  let more = look.querySelector(".detail");
  if (!more) look.append(" ", (more = Object.assign(document.createElement("span"), { className: "detail" })));
  more.textContent = detail;
}

function button(row, words, name, action) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "button plain small", textContent: words });
  made.setAttribute("aria-label", `${words}: ${name}`);
  made.addEventListener("click", action);
  row.querySelector(".age").append(made);
  return made;
}

function size(count) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (Math.round(count) >= 1000 && unit < units.length - 1) { count /= 1000; unit += 1; }
  return `${count.toFixed(unit && count < 9.95 ? 1 : 0)} ${units[unit]}`;
}

function say(words, visibly = false) {
  const said = document.getElementById("said");
  said.textContent = words;
  said.className = visibly ? "notice" : "unseen";
}
