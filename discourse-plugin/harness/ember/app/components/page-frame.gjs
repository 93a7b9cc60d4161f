import Component from "@glimmer/component";
import { action } from "@ember/object";
import { service } from "@ember/service";
import ModalContainer from "discourse/components/modal-container";
import { ajax } from "discourse/lib/ajax";
import DButton from "discourse/ui-kit/d-button";
import DUserLink from "discourse/ui-kit/d-user-link";
import dAvatar from "discourse/ui-kit/helpers/d-avatar";
import NotificationsMenu from "./notifications-menu";

export default class PageFrame extends Component {
  @service a11y;
  @service currentUser;
  @service toasts;

  @action
  async logOut() {
    await ajax("/session.json", { type: "DELETE" });
    window.location.reload();
  }

  <template>
    <header class="d-header">
      <a href="/" class="d-header__title">Forum</a>
      <div class="d-header__panel">
        {{#if this.currentUser}}
          <NotificationsMenu />
          <DUserLink @user={{this.currentUser}} class="d-header__user">
            {{dAvatar this.currentUser imageSize="small"}}
            {{this.currentUser.username}}
          </DUserLink>
          <DButton
            @label="log_out"
            @action={{this.logOut}}
            class="btn-flat d-header__log-out"
          />
        {{else}}
          <DButton
            @label="log_in"
            @route="login"
            class="btn-primary d-header__log-in"
          />
        {{/if}}
      </div>
    </header>
    <main class="wrap" id="main-outlet">{{yield}}</main>
    <ModalContainer />
    <div class="fk-d-toasts">
      {{#each this.toasts.activeToasts as |toast|}}
        <output class="fk-d-default-toast -{{toast.options.data.theme}}">
          {{toast.options.data.message}}
        </output>
      {{/each}}
    </div>
    <div class="sr-only" aria-live="polite" id="a11y-announcements-polite">
      {{this.a11y.politeMessage}}
    </div>
    <div
      class="sr-only"
      aria-live="assertive"
      id="a11y-announcements-assertive"
    >
      {{this.a11y.assertiveMessage}}
    </div>
  </template>
}
