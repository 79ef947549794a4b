// The rules' values in words, and the words that the server sends in both languages.
import { yuan } from "../clock.js";
import { language, t } from "../words/index.js";

export const say = (words) => (language.value === "zh" ? words.zh : words.en);

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
export const ALL_DAYS = DAYS.map((_, index) => index);

// "Mon-Fri,Sun 09:00-23:00" taken apart: {days, from, to}.
export function readSpan(text) {
  const [, names, from, to] = /^(?:([A-Z]\S*|—) )?([^-]*)-(.*)$/.exec(text) || [text, "", "", ""];
  const days = (names && names !== "—" ? names.split(",") : []).flatMap((run) => {
    const [first, last] = run.split("-").map((name) => DAYS.indexOf(name));
    return last === undefined ? [first] : ALL_DAYS.filter((day) => day >= first && day <= last);
  });
  return { days: names ? days : ALL_DAYS, from, to };
}
const sayDays = (days) => {
  const runs = [];
  for (const day of days) {
    if (runs.at(-1)?.at(-1) === day - 1) runs.at(-1).push(day);
    else runs.push([day]);
  }
  return runs.map((run) => (run.length < 2 ? [run[0]] : [run[0], run.at(-1)]));
};
export function writeSpan({ days, from, to }) {
  const names = sayDays(days).map((ends) => ends.map((day) => DAYS[day]).join("-")).join(",");
  return `${days.length === DAYS.length ? "" : `${names || "—"} `}${from}-${to}`;
}

export const duration = (text) => {
  const [, number, unit] = /^(.*?)([dhms])$/.exec(text) || [];
  return unit ? t(`policy.in.${unit}`, { n: number }) : text;
};

export function sayValue(field, value) {
  switch (field.kind) {
    case "fen": return typeof value === "number" ? yuan(value) : "—";
    case "duration": return duration(value);
    case "flag": return t(value ? "policy.yes" : "policy.no");
    case "switch": return t(value ? "policy.on" : "policy.off");
    case "choice": {
      const choice = field.choices.find((one) => one.value === value);
      return choice ? say(choice) : value;
    }
    case "hours": return value.length ? value.map((span) => {
      const { days, from, to } = readSpan(span);
      const names = sayDays(days).map((ends) => ends.map((day) => t(`policy.day.${day}`)).join("–")).join("、");
      return `${days.length === DAYS.length ? "" : `${names} `}${from}–${to}`;
    }).join(";") : t("policy.always");
    case "words": return t("policy.words", { n: value.length });
    case "time": return value || t("policy.none");
    case "text": return value || t("policy.nothing");
    default: return String(value);
  }
}
