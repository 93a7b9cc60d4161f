import Component from "@glimmer/component";
import { hash } from "@ember/helper";
import { on } from "@ember/modifier";
import { action } from "@ember/object";
import { eq } from "discourse/truth-helpers";

class Control extends Component {
  get type() {
    return this.args.field.type.replace(/^input-?/, "") || "text";
  }

  get invalid() {
    return this.args.field.error ? "true" : undefined;
  }

  @action
  input({ target }) {
    const number = this.type === "number" && target.value !== "";
    this.args.field.set(number ? Number(target.value) : target.value);
  }

  @action
  check({ target }) {
    this.args.field.set(target.checked);
  }

  @action
  toggle() {
    this.args.field.set(!this.args.field.value);
  }
}

export class Input extends Control {
  <template>
    <div class="form-kit__control-input-wrapper">
      {{#if @before}}<span
          class="form-kit__before-input"
        >{{@before}}</span>{{/if}}
      <input
        type={{this.type}}
        id={{@field.id}}
        name={{@field.name}}
        value={{@field.value}}
        disabled={{@field.disabled}}
        class="form-kit__control-input"
        aria-invalid={{this.invalid}}
        aria-describedby={{@field.describedBy}}
        {{on "input" this.input}}
        ...attributes
      />
      {{#if @after}}<span class="form-kit__after-input">{{@after}}</span>{{/if}}
    </div>
  </template>
}

export class Textarea extends Control {
  <template>
    <textarea
      id={{@field.id}}
      name={{@field.name}}
      value={{@field.value}}
      disabled={{@field.disabled}}
      class="form-kit__control-textarea"
      aria-invalid={{this.invalid}}
      aria-describedby={{@field.describedBy}}
      {{on "input" this.input}}
      ...attributes
    ></textarea>
  </template>
}

export class Checkbox extends Control {
  <template>
    <label class="form-kit__control-checkbox-label">
      <input
        type="checkbox"
        id={{@field.id}}
        name={{@field.name}}
        checked={{@field.value}}
        disabled={{@field.disabled}}
        class="form-kit__control-checkbox"
        aria-describedby={{@field.describedBy}}
        {{on "change" this.check}}
        ...attributes
      />
      <span class="form-kit__control-checkbox-title">{{@field.title}}</span>
      {{yield}}
    </label>
  </template>
}

export class Toggle extends Control {
  get pressed() {
    return String(Boolean(this.args.field.value));
  }

  <template>
    <button
      type="button"
      role="switch"
      id={{@field.id}}
      disabled={{@field.disabled}}
      class="d-toggle-switch__checkbox form-kit__control-toggle"
      aria-checked={{this.pressed}}
      aria-label={{@field.title}}
      aria-describedby={{@field.describedBy}}
      {{on "click" this.toggle}}
      ...attributes
    ><span class="d-toggle-switch__checkbox-slider"></span></button>
  </template>
}

const Option = <template>
  <option value={{@value}} selected={{eq @value @selected}}>{{yield}}</option>
</template>;

export class Select extends Control {
  <template>
    <select
      id={{@field.id}}
      name={{@field.name}}
      disabled={{@field.disabled}}
      class="d-native-select form-kit__control-select"
      aria-invalid={{this.invalid}}
      aria-describedby={{@field.describedBy}}
      {{on "input" this.input}}
      ...attributes
    >
      {{yield (hash Option=(component Option selected=@field.value))}}
    </select>
  </template>
}

export class Custom extends Control {
  <template>
    <div class="form-kit__control-custom" ...attributes>{{yield}}</div>
  </template>
}

export const CONTROLS = {
  input: Input,
  textarea: Textarea,
  checkbox: Checkbox,
  toggle: Toggle,
  select: Select,
  custom: Custom,
};
