import { debounce } from "@ember/runloop";
import { isTesting } from "./environment";

// In tests nobody waits for long.
const IN_TESTS = 10;

export default function discourseDebounce(...params) {
  if (!isTesting()) {
    return debounce(...params);
  }
  const at = params.findLastIndex((param) => typeof param === "number");
  return debounce(...params.with(at, IN_TESTS));
}
