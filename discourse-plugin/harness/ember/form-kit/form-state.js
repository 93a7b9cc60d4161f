import { tracked } from "@glimmer/tracking";
import { i18n } from "discourse-i18n";

// The draft of one form: its values, its fields' rules and their errors.
export default class FormState {
  @tracked data;
  @tracked errors = {};
  @tracked isSubmitting = false;
  fields = new Map();

  get = (name) => this.data[name];

  set = (name, value) => {
    this.data = { ...this.data, [name]: value };
    this.removeError(name);
  };

  setProperties = (values) => {
    Object.entries(values).forEach(([name, value]) => this.set(name, value));
  };

  addError = (name, { title, message }) => {
    const messages = [...(this.errors[name]?.messages ?? []), message];
    this.errors = { ...this.errors, [name]: { title, messages } };
  };

  removeError = (name) => {
    const { [name]: removed, ...others } = this.errors;
    this.errors = removed ? others : this.errors;
  };

  removeErrors = () => {
    this.errors = {};
  };

  reset = () => {
    this.data = { ...this.initial };
    this.removeErrors();
  };

  constructor(data) {
    this.initial = { ...data };
    this.data = { ...data };
  }

  get isDirty() {
    return JSON.stringify(this.data) !== JSON.stringify(this.initial);
  }

  async validate(formValidate) {
    this.removeErrors();
    for (const [name, { title, rules, validate }] of this.fields) {
      const value = this.data[name];
      for (const message of broken(rules, value)) {
        this.addError(name, { title, message });
      }
      const { data, addError } = this;
      await validate?.(name, value, { data, addError });
    }
    await formValidate?.(this.data, {
      addError: this.addError,
      removeError: this.removeError,
    });
    return Object.keys(this.errors).length === 0;
  }
}

function* broken(rules = "", value) {
  for (const rule of rules.split("|").filter(Boolean)) {
    const [name, parameters = ""] = rule.split(":");
    const text = String(value ?? "");
    if (name === "required" && (!text.trim() || value === false)) {
      yield i18n("form_kit.errors.required");
    } else if (name === "length") {
      const [, maximum] = parameters.split(",").map(Number);
      if (text.length > maximum) {
        yield i18n("form_kit.errors.too_long", { count: maximum });
      }
    }
  }
}
