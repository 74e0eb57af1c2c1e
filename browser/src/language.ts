// What the scripts say, in the language of the page. English is in the code; a language that lacks a word does not compile.
import type { RUSSIAN } from "./russian";

type Words = keyof typeof RUSSIAN;

export const language = document.documentElement.lang || "en";
const others: Partial<Record<Words, string>> = language === "ru" ? (await import("./russian")).RUSSIAN : {};
const plural = new Intl.PluralRules(language);
const FORMS: Record<string, readonly string[]> = { en: ["one", "other"], ru: ["one", "few", "many"] };

// `{name}` stands for a value. Where words have forms, parted by |, the value `n` chooses one.
export function said(words: Words, values: Record<string, string | number> = {}): string {
  const forms = (others[words] ?? words).split("|");
  const form = forms.length > 1 ? (FORMS[language] ?? []).indexOf(plural.select(Number(values.n))) : 0;
  const chosen = forms[form] ?? forms.at(-1) ?? words;
  return chosen.replace(/\{(\w+)\}/g, (_, name: string) => written(values[name] ?? ""));
}

// Groups of digits and the sign between whole and part, as the language has them.
export function written(value: string | number): string {
  return typeof value === "number" ? value.toLocaleString(language) : value;
}
