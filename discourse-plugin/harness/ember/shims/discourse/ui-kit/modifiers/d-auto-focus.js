import Modifier from "ember-modifier";

export default class DAutoFocusModifier extends Modifier {
  didFocus = false;

  modify(element, _, { selectText, preventScroll }) {
    if (this.didFocus) {
      return;
    }
    this.didFocus = true;
    element.focus({ preventScroll });
    if (selectText) {
      element.select();
    }
  }
}
