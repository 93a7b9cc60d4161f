import Component from "@glimmer/component";
import { hash } from "@ember/helper";
import { on } from "@ember/modifier";
import { action } from "@ember/object";
import DButton from "discourse/ui-kit/d-button";
import Field from "../../../form-kit/field";
import FormState from "../../../form-kit/form-state";

const Submit = <template>
  <DButton
    @type="submit"
    @label={{if @translatedLabel undefined (if @label @label "form_kit.save")}}
    @translatedLabel={{@translatedLabel}}
    @icon={{@icon}}
    @disabled={{@disabled}}
    @isLoading={{@isLoading}}
    class="btn-primary form-kit__button"
    ...attributes
  />
</template>;

const Button = <template>
  <DButton
    @label={{@label}}
    @translatedLabel={{@translatedLabel}}
    @icon={{@icon}}
    @action={{@action}}
    @disabled={{@disabled}}
    class="form-kit__button"
    ...attributes
  >{{yield}}</DButton>
</template>;

const Alert = <template>
  <div
    class="form-kit__alert alert alert-{{if @type @type 'info'}}"
    ...attributes
  >{{yield}}</div>
</template>;

const Actions = <template>
  <div
    class="form-kit__container form-kit__actions"
    ...attributes
  >{{yield}}</div>
</template>;

const Section = <template>
  <div class="form-kit__section" ...attributes>
    {{#if @title}}<h2 class="form-kit__section-title">{{@title}}</h2>{{/if}}
    {{yield}}
  </div>
</template>;

export default class Form extends Component {
  state = new FormState(this.args.data);

  constructor() {
    super(...arguments);
    const { state, submit } = this;
    this.args.onRegisterApi?.({
      get: state.get,
      set: state.set,
      setProperties: state.setProperties,
      addError: state.addError,
      removeError: state.removeError,
      removeErrors: state.removeErrors,
      reset: state.reset,
      submit,
      get isDirty() {
        return state.isDirty;
      },
    });
  }

  @action
  async submit(event) {
    event?.preventDefault();
    if (this.state.isSubmitting) {
      return;
    }
    this.state.isSubmitting = true;
    try {
      if (await this.state.validate(this.args.validate)) {
        await this.args.onSubmit?.(this.state.data);
      }
    } finally {
      this.state.isSubmitting = false;
    }
  }

  <template>
    <form
      class="form-kit"
      novalidate="true"
      {{on "submit" this.submit}}
      ...attributes
    >
      {{yield
        (hash
          Field=(component Field state=this.state)
          Submit=(component Submit isLoading=this.state.isSubmitting)
          Button=Button
          Alert=Alert
          Actions=Actions
          Section=Section
          set=this.state.set
          setProperties=this.state.setProperties
        )
        this.state.data
      }}
    </form>
  </template>
}
