// A time to come, which "ago" cannot say.
export default function localTime(iso) {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) {
    return "";
  }
  return new Intl.DateTimeFormat(language(), {
    dateStyle: "short",
    timeStyle: "short",
  }).format(time);
}

// Of the forum; without one, of the browser.
function language() {
  return document.documentElement.lang.replace("_", "-") || undefined;
}
