import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import { service } from "@ember/service";
import { ajax } from "discourse/lib/ajax";
import NotificationTypeBase from "discourse/lib/notification-types/base";
import DButton from "discourse/ui-kit/d-button";
import dConcatClass from "discourse/ui-kit/helpers/d-concat-class";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";
import { registry } from "../../state/plugin-registry";

export default class NotificationsMenu extends Component {
  @service currentUser;
  @service siteSettings;

  @tracked items = null;

  // The stand-in names the type of each notification; in Discourse the site does.
  rendered(notification) {
    const { currentUser, siteSettings } = this;
    const make = registry.notificationRenderers.get(
      notification.notification_name
    );
    const Renderer = make?.(NotificationTypeBase) ?? NotificationTypeBase;
    return new Renderer({ notification, currentUser, siteSettings, site: {} });
  }

  @action
  async toggle() {
    if (this.items) {
      this.items = null;
      return;
    }
    const { notifications } = await ajax("/notifications.json");
    this.items = notifications.map((one) => this.rendered(one));
  }

  <template>
    <div class="notifications-menu">
      <DButton
        @icon="bell"
        @title="notifications.title"
        @action={{this.toggle}}
        class="btn-flat notifications-menu__toggle"
      />
      {{#if this.items}}
        <ul class="notifications-menu__list">
          {{#each this.items as |item|}}
            <li
              class={{dConcatClass
                "notification"
                item.notification.notification_name
              }}
            >
              <a href={{item.linkHref}} title={{item.linkTitle}}>
                {{dIcon item.icon}}
                {{#if item.label}}<span
                    class="item-label"
                  >{{item.label}}</span>{{/if}}
                {{#if item.description}}<span
                    class="item-description"
                  >{{item.description}}</span>{{/if}}
              </a>
            </li>
          {{else}}
            <li>{{i18n "notifications.empty"}}</li>
          {{/each}}
        </ul>
      {{/if}}
    </div>
  </template>
}
