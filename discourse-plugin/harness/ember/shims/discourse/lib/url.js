import getURL from "discourse/lib/get-url";

class DiscourseURL {
  routeTo(path) {
    window.location.assign(getURL(path));
  }
}

export function userPath(subPath) {
  return getURL(subPath ? `/u/${subPath}` : "/u");
}

export default new DiscourseURL();
