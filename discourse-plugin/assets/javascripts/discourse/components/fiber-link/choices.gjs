import Component from "@glimmer/component";
import { fn } from "@ember/helper";
import { eq } from "discourse/truth-helpers";
import DButton from "discourse/ui-kit/d-button";

// A row of buttons of which one is pressed. `@choices` is a list of `{value, text}`.
/** @extends {Component<{ Element: HTMLDivElement, Args: { choices: { value: string, text: string }[], value: string, label: string, onChange: (value: string) => void } }>} */
export default class FiberLinkChoices extends Component {
  pick = (value) => {
    if (value !== this.args.value) {
      this.args.onChange(value);
    }
  };

  <template>
    <div
      class="fiber-link-choices"
      role="group"
      aria-label={{@label}}
      ...attributes
    >
      {{#each @choices key="value" as |choice|}}
        <DButton
          @action={{fn this.pick choice.value}}
          @ariaPressed={{eq choice.value @value}}
          @translatedLabel={{choice.text}}
          class="btn-default fiber-link-choices__choice
            {{if (eq choice.value @value) '--chosen'}}"
          data-choice={{choice.value}}
        />
      {{/each}}
    </div>
  </template>
}
