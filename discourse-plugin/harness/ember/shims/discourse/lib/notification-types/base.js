import { postUrl } from "discourse/lib/utilities";
import { i18n } from "discourse-i18n";

export default class NotificationTypeBase {
  constructor({ notification, currentUser, siteSettings, site }) {
    Object.assign(this, { notification, currentUser, siteSettings, site });
  }

  get classNames() {
    return [];
  }

  get linkHref() {
    const { slug, topic_id, post_number } = this.notification;
    return topic_id ? postUrl(slug, topic_id, post_number) : undefined;
  }

  get linkTitle() {
    return i18n(`notifications.titles.${this.notificationName}`);
  }

  get icon() {
    return "bell";
  }

  get label() {
    return this.username;
  }

  get description() {
    return this.notification.fancy_title ?? this.notification.data.topic_title;
  }

  get labelClasses() {
    return [];
  }

  get descriptionClasses() {
    return [];
  }

  get username() {
    return this.notification.data.display_username;
  }

  get notificationName() {
    return this.notification.notification_name;
  }
}
