// Moments as the server writes them (forum/web/languages.py): in the zone of the people here, whatever this computer thinks.

const ZONE = "Europe/Berlin";
const language = document.documentElement.lang === "en" ? "en" : "de";
const format = (locale, options) => new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
const clockFormat = format("en-GB", { hour: "2-digit", minute: "2-digit" });
const dateFormat = format("sv", { year: "numeric", month: "2-digit", day: "2-digit" });
const partsFormat = format(language, { weekday: "short", day: "numeric", month: "long", year: "numeric" });

/** The time of day: "14:05". */
export const clock = (moment) => clockFormat.format(moment);

/** The day as YYYY-MM-DD. */
export const date = (moment) => dateFormat.format(moment);

/** "Di., 3. März 2026, 14:05" */
export const exact = (moment) => `${dayOf(moment, true)}, ${clock(moment)}`;

/** "Heute", "Gestern" or "Di., 3. März"; `words` has the first two. */
export function dayName(moment, present, words) {
  if (date(moment) === date(present)) return words.today;
  if (date(moment) === date(new Date(present.getTime() - 86_400_000))) return words.yesterday;
  return dayOf(moment, date(moment).slice(0, 4) !== date(present).slice(0, 4));
}

/** As the server writes it in a page: to the second, in UTC. */
export const iso = (moment) => `${moment.toISOString().slice(0, 19)}Z`;

function dayOf(moment, withYear) {
  const found = Object.fromEntries(partsFormat.formatToParts(moment).map(({ type, value }) => [type, value]));
  const weekday = found.weekday.replace(".", ""); // some browsers write the stop themselves
  const stop = language === "de" ? "." : "";
  return `${weekday}${stop}, ${found.day}${stop} ${found.month}${withYear ? ` ${found.year}` : ""}`;
}
