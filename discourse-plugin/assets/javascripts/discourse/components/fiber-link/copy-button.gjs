import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import { service } from "@ember/service";
import { clipboardCopy } from "discourse/lib/utilities";
import DButton from "discourse/ui-kit/d-button";
import { i18n } from "discourse-i18n";

const STATES = {
  ready: { icon: "copy", label: "fiber_link.copy.copy" },
  copied: { icon: "check", label: "fiber_link.copy.copied" },
  refused: { icon: "copy", label: "fiber_link.copy.refused" },
};

/** @extends {Component<{ Element: HTMLButtonElement, Args: { value: string, onRefused?: () => void } }>} */
export default class FiberLinkCopyButton extends Component {
  @service a11y;

  @tracked state = STATES.ready;

  @action
  async copy() {
    try {
      await clipboardCopy(this.args.value);
      this.state = STATES.copied;
    } catch {
      this.state = STATES.refused;
      this.args.onRefused?.();
    }
    this.a11y.announce(i18n(this.state.label), "polite");
  }

  <template>
    <DButton
      class="fiber-link-copy-button"
      @icon={{this.state.icon}}
      @label={{this.state.label}}
      @action={{this.copy}}
      ...attributes
    />
  </template>
}
