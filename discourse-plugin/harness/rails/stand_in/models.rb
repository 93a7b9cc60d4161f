# frozen_string_literal: true

module Trashable
  extend ActiveSupport::Concern

  included do
    default_scope { where(deleted_at: nil) }
    scope :with_deleted, -> { unscope(where: :deleted_at) }
  end

  def trashed? = deleted_at.present?
  def trash!(by = nil) = update_columns(deleted_at: Time.zone.now, deleted_by_id: by&.id)
  def recover! = update_columns(deleted_at: nil, deleted_by_id: nil)
end

class Group < ActiveRecord::Base
  AUTO_GROUPS = {
    everyone: 0, admins: 1, moderators: 2, staff: 3, trust_level_0: 10, trust_level_1: 11,
    trust_level_2: 12, trust_level_3: 13, trust_level_4: 14
  }.freeze

  has_many :group_users
  has_many :users, through: :group_users

  def add(user) = group_users.find_or_create_by!(user_id: user.id)
  def remove(user) = group_users.where(user_id: user.id).delete_all
end

class GroupUser < ActiveRecord::Base
  belongs_to :group
  belongs_to :user
end

class UserCustomField < ActiveRecord::Base
  belongs_to :user
end

class User < ActiveRecord::Base
  has_many :posts
  has_many :topics
  has_many :notifications
  has_many :group_users
  has_many :groups, through: :group_users
  has_many :_custom_fields, class_name: "UserCustomField"

  validates :username, presence: true
  before_save { self.username_lower = username.downcase }
  after_commit(on: :destroy) { DiscourseEvent.trigger(:user_destroyed, self) }

  scope :real, -> { where("id > 0") }
  scope :human_users, -> { where("id > 0") }

  class << self
    def find_by_username(name) = find_by(username_lower: name.to_s.downcase)
    def custom_field_types = (@custom_field_types ||= {})

    def register_custom_field_type(name, type, max_length: nil)
      raise "unknown type #{type}" unless %i[boolean integer string json].include?(type)
      custom_field_types[name.to_s] = type
    end
  end

  def staff? = admin || moderator
  def guardian = Guardian.new(self)
  def silenced? = silenced_till.present? && silenced_till > Time.zone.now
  def suspended? = suspended_till.present? && suspended_till > Time.zone.now
  def human? = id.positive?
  def bot? = !human?
  def avatar_template = "/letter_avatar_proxy/v4/letter/#{username_lower[0]}/{size}.png"
  def in_any_groups?(ids) = ids.include?(Group::AUTO_GROUPS[:everyone]) || (ids & group_ids_).any?
  def publish_notifications_state = MessageBus.publish("/notification/#{id}", {}, user_ids: [id])

  # Automatic groups are rows in Discourse, and follow the trust level.
  def group_ids_
    automatic = (0..trust_level).map { |level| 10 + level }
    automatic << 1 if admin
    automatic << 2 if moderator
    automatic << 3 if staff?
    automatic + group_users.pluck(:group_id)
  end

  def custom_fields
    @custom_fields ||=
      _custom_fields
        .to_h { |row| [row.name, cast_field(row.name, row.value)] }
        .with_indifferent_access
  end

  def save_custom_fields(_force = false)
    custom_fields.each do |name, value|
      row = UserCustomField.find_or_initialize_by(user_id: id, name: name)
      value.nil? ? row.destroy : row.update!(value: field_text(value))
    end
    UserCustomField.where(user_id: id).where.not(name: custom_fields.keys).delete_all
    @custom_fields = nil
    true
  end

  def upsert_custom_fields(fields)
    custom_fields.merge!(fields)
    save_custom_fields
  end

  def reload(*)
    @custom_fields = nil
    super
  end

  private

  def field_text(value)
    case value
    when true then "t"
    when false then "f"
    else value.to_s
    end
  end

  def cast_field(name, value)
    case self.class.custom_field_types[name]
    when :boolean then %w[t true].include?(value)
    when :integer then value.to_i
    when :json then JSON.parse(value)
    else value
    end
  end
end

class IgnoredUser < ActiveRecord::Base
  belongs_to :user
  belongs_to :ignored_user, class_name: "User"
end

class MutedUser < ActiveRecord::Base
  belongs_to :user
  belongs_to :muted_user, class_name: "User"
end

class Category < ActiveRecord::Base
  belongs_to :parent_category, class_name: "Category", optional: true
  has_many :topics
end

class TopicAllowedUser < ActiveRecord::Base
  belongs_to :topic
  belongs_to :user
end

class Topic < ActiveRecord::Base
  include Trashable

  belongs_to :user, optional: true
  belongs_to :category, optional: true
  has_many :posts
  has_many :topic_allowed_users
  has_many :allowed_users, through: :topic_allowed_users, source: :user

  before_save { self.slug = title.parameterize if slug.blank? }

  def self.visible_post_types(viewed_by = nil)
    types = Post.types.values_at(:regular, :moderator_action, :small_action)
    viewed_by&.staff? ? types << Post.types[:whisper] : types
  end

  scope :secured,
        ->(guardian) { where(id: all.select { |topic| guardian.can_see?(topic) }.map(&:id)) }
  scope :visible, -> { where(visible: true) }
  scope :listable_topics, -> { where(archetype: "regular") }

  def private_message? = archetype == "private_message"
  def relative_url(post_number = nil) = ["/t/#{slug}/#{id}", post_number].compact.join("/")
  def url = Discourse.base_url + relative_url
  def fancy_title = ERB::Util.html_escape(title)
  def read_restricted_category? = category&.read_restricted

  def secure_audience_publish_messages
    if private_message?
      ids = User.human_users.where("admin OR moderator").pluck(:id) | allowed_users.pluck(:id)
      { user_ids: ids }
    else
      { group_ids: read_restricted_category? ? category.group_ids : nil }.compact
    end
  end
end

class Post < ActiveRecord::Base
  include Trashable

  belongs_to :user, optional: true
  # Of a deleted topic it is nil.
  belongs_to :topic, optional: true

  def self.types
    @types ||= Enum.new(regular: 1, moderator_action: 2, small_action: 3, whisper: 4)
  end

  def whisper? = post_type == Post.types[:whisper]
  def is_first_post? = post_number == 1
  def url = topic.relative_url(post_number)
  def full_url = Discourse.base_url + url

  def publish_message!(channel, message, opts = {})
    return unless topic
    if Topic.visible_post_types.include?(post_type)
      opts.merge!(topic.secure_audience_publish_messages)
    else
      opts[:user_ids] = User.human_users.where("admin OR moderator OR id = ?", user_id).pluck(:id)
    end
    return if opts[:user_ids] == [] || opts[:group_ids] == []
    MessageBus.publish(channel, message, opts)
  end
end

class PluginStoreRow < ActiveRecord::Base; end

class PluginStore
  class << self
    def get(plugin, key)
      row = PluginStoreRow.find_by(plugin_name: plugin, key: key)
      row && JSON.parse(row.value, quirks_mode: true)
    end

    def set(plugin, key, value)
      row = PluginStoreRow.find_or_initialize_by(plugin_name: plugin, key: key)
      row.update!(type_name: "JSON", value: value.to_json)
    end

    def remove(plugin, key)
      PluginStoreRow.where(plugin_name: plugin, key: key).delete_all.positive?
    end
  end
end
