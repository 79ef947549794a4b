// The words of the console: one file a language, Chinese first. `t` gives the words of a name,
// with `{placeholders}` filled in; the language is kept in this browser.
import { computed, signal } from "../html.js";
import en from "./en.js";
import zh from "./zh.js";

const KEY = "zhiban.language";
const CATALOGUES = { zh, en };
const kept = localStorage.getItem(KEY);

export const language = signal(kept in CATALOGUES ? kept : "zh");
const words = computed(() => CATALOGUES[language.value]);

export function setLanguage(name) {
  language.value = name;
  localStorage.setItem(KEY, name);
  document.documentElement.lang = name === "zh" ? "zh-CN" : "en";
}

export function t(name, values = {}) {
  const found = words.value[name] ?? zh[name];
  if (found === undefined) return name;
  return found.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
}
// The words of a value that the server names, such as a rule; the name itself where none are known.
export const named = (kind, value) => {
  const name = `${kind}.${value}`;
  const found = t(name);
  return found === name ? value : found;
};
// All values of a kind that have words, in the order of the words' file.
export const namesOf = (kind) => Object.keys(zh).filter((name) => name.startsWith(`${kind}.`)).map((name) => name.slice(kind.length + 1));
// What went wrong, for a person.
export function why(error) {
  if (error.problem) {
    const zhWords = error.zh && language.value === "zh" ? error.zh : "";
    return zhWords || error.message;
  }
  if (error.name === "TimeoutError") return t("error.timeout");
  return error instanceof TypeError ? t("error.network") : error.message;
}
