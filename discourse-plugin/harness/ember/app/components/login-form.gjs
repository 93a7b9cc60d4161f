import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { on } from "@ember/modifier";
import { action } from "@ember/object";
import { ajax } from "discourse/lib/ajax";
import { extractError } from "discourse/lib/ajax-error";
import DButton from "discourse/ui-kit/d-button";

export default class LoginForm extends Component {
  @tracked error = null;

  @action
  async logIn(event) {
    event.preventDefault();
    const username = new FormData(event.target).get("username");
    try {
      await ajax("/session.json", { type: "POST", data: { username } });
      window.location.assign(document.referrer || "/");
    } catch (error) {
      this.error = extractError(error);
    }
  }

  <template>
    <form class="login-form" {{on "submit" this.logIn}}>
      <label>Username <input name="username" autocomplete="username" /></label>
      <DButton @type="submit" @label="log_in" class="btn-primary" />
      {{#if this.error}}<p role="alert">{{this.error}}</p>{{/if}}
    </form>
  </template>
}
