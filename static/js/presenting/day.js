/** A day as the page's language writes it, with the year only if it is another: "12 Nov". */
export function day(date) {
  const { lang } = document.documentElement;
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
  return new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { day: "numeric", month: "short", ...year }).format(date);
}
