import { isTesting as emberIsTesting } from "@ember/debug";

export const INPUT_DELAY = 250;

export function isTesting() {
  return emberIsTesting();
}
