import { userPath } from "discourse/lib/url";

export default function ownPage({ username }) {
  return userPath(`${encodeURIComponent(username.toLowerCase())}/fiber-link`);
}
