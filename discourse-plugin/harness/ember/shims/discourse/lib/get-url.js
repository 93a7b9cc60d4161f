let prefix = "";

export default function getURL(url) {
  return url.startsWith("/") ? prefix + url : url;
}

export function setPrefix(configBaseUri) {
  prefix = configBaseUri;
}

export function getAbsoluteURL(path) {
  return window.location.origin + getURL(path);
}
