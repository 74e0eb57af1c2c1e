// Figures in words, as filemill/web/words.py says them.
import { language, said } from "./language";

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

export function size(count: number): string {
  const unit = unitOf(count);
  return `${amount(count, unit)} ${name(unit)}`;
}

export function sizeOf(part: number, whole: number): string {
  const unit = unitOf(whole);
  return said("{part} of {whole}", { part: amount(part, unit), whole: `${amount(whole, unit)} ${name(unit)}` });
}

function unitOf(count: number): number {
  let unit = 0;
  for (let rest = count; Math.round(rest) >= 1000 && unit < UNITS.length - 1; rest /= 1000) unit += 1;
  return unit;
}

function amount(count: number, unit: number): string {
  const shown = count / 1000 ** unit;
  const digits = unit && shown < 9.95 ? 1 : 0;
  return shown.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
}

function name(unit: number): string {
  return said(UNITS[unit] ?? "TB");
}

export function speed(bytes: number): string {
  return said("{size}/s", { size: size(bytes) });
}

export function timeLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  const whole = Math.max(Math.ceil(seconds), 1);
  if (whole < 60) return said("{seconds} s", { seconds: whole });
  if (whole < 3600) return said("{minutes} min", { minutes: Math.round(whole / 60) });
  return said("{hours} h {minutes} min", { hours: Math.floor(whole / 3600), minutes: Math.round((whole % 3600) / 60) });
}

export function files(count: number): string {
  return said("{n} file|{n} files", { n: count });
}

export function more(count: number): string {
  return said("{n} more", { n: count });
}

export function loaded(count: number, all: number): string {
  return said("{n} more, {files} shown.", { n: count, files: files(all) });
}

export function shown(count: number): string {
  return said("{files} shown.", { files: files(count) });
}

export function chosen(count: number): string {
  return said("{n} file chosen|{n} files chosen", { n: count });
}

export function allLoadedChosen(count: number): string {
  return said("{chosen}, all that are loaded: more come as you scroll", { chosen: chosen(count) });
}

export function tooManyChosen(count: number, most: number): string {
  return said("{chosen}; a ZIP takes at most {most}.", { chosen: chosen(count), most });
}

export function sureToDelete(count: number): string {
  return said("Delete {n} file?|Delete {n} files?", { n: count });
}

export function doing(done: number, count: number): string {
  return said("{done} of {n} file done|{done} of {n} files done", { done, n: count });
}

export function outcome(deed: string, done: number, failures: readonly string[]): string {
  const words =
    deed === "delete"
      ? said("{n} file deleted.|{n} files deleted.", { n: done })
      : said("{n} file will be processed again.|{n} files will be processed again.", { n: done });
  return [...(done || !failures.length ? [words] : []), ...failures].join(" ");
}

export const NOT_DONE = said("The server does not answer. Try again.");
