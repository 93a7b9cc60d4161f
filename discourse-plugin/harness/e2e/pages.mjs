// Pages of the forum, looked at as the demo's are.

export {
  launch,
  Visit,
} from "../../../fiber-link-server/tests/browser/browser.js";
