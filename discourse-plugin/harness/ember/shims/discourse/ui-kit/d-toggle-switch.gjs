import Component from "@glimmer/component";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";

export default class DToggleSwitch extends Component {
  get words() {
    return this.args.label ? i18n(this.args.label) : this.args.translatedLabel;
  }

  <template>
    <div class="d-toggle-switch">
      <label class="d-toggle-switch__label">
        <button
          type="button"
          role="switch"
          class="d-toggle-switch__checkbox"
          aria-checked={{if @state "true" "false"}}
          ...attributes
        ></button>
        <span class="d-toggle-switch__checkbox-slider">
          {{#if @state}}{{dIcon "check"}}{{/if}}
        </span>
      </label>
      {{#if this.words}}
        <span class="d-toggle-switch__checkbox-label">{{this.words}}</span>
      {{/if}}
    </div>
  </template>
}
