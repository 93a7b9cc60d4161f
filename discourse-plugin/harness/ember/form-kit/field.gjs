import Component from "@glimmer/component";
import { cached } from "@glimmer/tracking";
import { registerDestructor } from "@ember/destroyable";
import { hash } from "@ember/helper";
import dUniqueId from "discourse/ui-kit/helpers/d-unique-id";
import { i18n } from "discourse-i18n";
import { CONTROLS } from "./controls";

export default class Field extends Component {
  id = dUniqueId();
  errorId = dUniqueId();
  descriptionId = dUniqueId();
  helpTextId = dUniqueId();

  set = (value) => {
    const { state, onSet, name } = this.args;
    if (onSet) {
      onSet(value, { set: state.set, name });
    } else {
      state.set(name, value);
    }
  };

  constructor() {
    super(...arguments);
    const { state, name, title, type, validation, validate } = this.args;
    if (!name || /[.-]/.test(name) || !title || !type) {
      throw new Error("a field needs @name (without . and -), @title, @type");
    }
    state.fields.set(name, { title, rules: validation, validate });
    registerDestructor(this, () => state.fields.delete(name));
  }

  get name() {
    return this.args.name;
  }

  get title() {
    return this.args.title;
  }

  get type() {
    return this.args.type;
  }

  get disabled() {
    return this.args.disabled;
  }

  get value() {
    return this.args.state.data[this.name];
  }

  get error() {
    return this.args.state.errors[this.name];
  }

  get titleIsInControl() {
    return ["checkbox"].includes(this.type);
  }

  get showTitle() {
    return this.args.showTitle !== false && !this.titleIsInControl;
  }

  get optional() {
    return (
      this.args.showOptional !== false &&
      !this.args.validation?.includes("required")
    );
  }

  get describedBy() {
    const ids = [
      this.error && this.errorId,
      this.args.description && this.descriptionId,
      this.args.helpText && this.helpTextId,
    ];
    return ids.filter(Boolean).join(" ") || undefined;
  }

  @cached
  get Control() {
    const control =
      CONTROLS[this.type.startsWith("input") ? "input" : this.type];
    if (!control) {
      throw new Error(`the stand-in has no control "${this.type}"`);
    }
    return control;
  }

  <template>
    <div
      class="form-kit__container form-kit__field form-kit__field-{{this.type}}
        {{if this.error 'has-error'}}"
      data-name={{@name}}
      data-control-type={{this.type}}
      ...attributes
    >
      {{#if this.showTitle}}
        <label class="form-kit__container-title" for={{this.id}}>
          <span>{{@title}}</span>
          {{#if this.optional}}
            <span class="form-kit__container-optional">({{i18n
                "form_kit.optional"
              }})</span>
          {{/if}}
        </label>
      {{/if}}
      {{#if @description}}
        <span
          id={{this.descriptionId}}
          class="form-kit__container-description"
        >{{@description}}</span>
      {{/if}}
      <div class="form-kit__container-content">
        {{yield
          (hash
            Control=(component this.Control field=this)
            id=this.id
            errorId=this.errorId
            name=this.name
            value=this.value
            set=this.set
          )
        }}
        {{#if @helpText}}
          <span
            id={{this.helpTextId}}
            class="form-kit__container-help-text"
          >{{@helpText}}</span>
        {{/if}}
        {{#if this.error}}
          <ul
            id={{this.errorId}}
            class="form-kit__errors"
            aria-live="assertive"
          >
            {{#each this.error.messages as |message|}}
              <li>{{message}}</li>
            {{/each}}
          </ul>
        {{/if}}
      </div>
    </div>
  </template>
}
