// Figures in words, as filemill/web/words.py says them.

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function size(count: number): string {
  const unit = unitOf(count);
  return `${amount(count, unit)} ${UNITS[unit]}`;
}

export function sizeOf(part: number, whole: number): string {
  const unit = unitOf(whole);
  return `${amount(part, unit)} of ${amount(whole, unit)} ${UNITS[unit]}`;
}

function unitOf(count: number): number {
  let unit = 0;
  for (let rest = count; Math.round(rest) >= 1000 && unit < UNITS.length - 1; rest /= 1000) unit += 1;
  return unit;
}

function amount(count: number, unit: number): string {
  const said = count / 1000 ** unit;
  return said.toFixed(unit && said < 9.95 ? 1 : 0);
}

export function timeLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  const whole = Math.max(Math.ceil(seconds), 1);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.round(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

export function files(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "file" : "files"}`;
}

export function more(count: number): string {
  return `${count.toLocaleString("en")} more`;
}

export function loaded(count: number, all: number): string {
  return `${more(count)}, ${files(all)} shown.`;
}

export function chosen(count: number): string {
  return `${files(count)} chosen`;
}

export function tooManyChosen(count: number, most: number): string {
  return `${chosen(count)}; a ZIP takes at most ${most.toLocaleString("en")}.`;
}

export function sureToDelete(count: number): string {
  return `Delete ${files(count)}?`;
}

export function doing(done: number, count: number): string {
  return `${done.toLocaleString("en")} of ${files(count)} done`;
}

export function outcome(deed: string, done: number, failures: readonly string[]): string {
  const words = deed === "delete" ? `${files(done)} deleted.` : `${files(done)} will be processed again.`;
  return [...(done || !failures.length ? [words] : []), ...failures].join(" ");
}

export const NOT_DONE = "The server does not answer. Try again.";
