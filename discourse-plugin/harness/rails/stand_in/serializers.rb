# frozen_string_literal: true

# As much of ActiveModel::Serializer as Discourse's serializers use of it.
class ApplicationSerializer
  attr_reader :object, :scope, :options

  class << self
    def attribute_names
      @attribute_names ||= self == ApplicationSerializer ? [] : superclass.attribute_names.dup
    end

    def attributes(*names)
      names.each do |name|
        attribute_names << name unless attribute_names.include?(name)
        next if method_defined?(name)
        define_method(name) { object.public_send(name) }
      end
    end
  end

  def initialize(object, options = {})
    @object = object
    @scope = options[:scope]
    @options = options
    options.except(:root, :scope).each { |name, value| instance_variable_set("@#{name}", value) }
  end

  def as_json(*)
    self.class.attribute_names.each_with_object({}) do |name, json|
      include_it = "include_#{name}?"
      next if respond_to?(include_it) && !public_send(include_it)
      value = public_send(name)
      json[name] = value.is_a?(ApplicationSerializer) ? value.as_json : value
    end
  end
end

class BasicUserSerializer < ApplicationSerializer
  attributes :id, :username, :name, :avatar_template

  def include_name? = SiteSetting.enable_names
end

class PostSerializer < ApplicationSerializer
  attr_accessor :topic_view

  attributes :id, :post_number, :topic_id, :user_id, :username, :name, :avatar_template, :cooked,
             :post_type, :hidden, :deleted_at, :yours, :created_at

  def username = object.user&.username
  def name = object.user&.name
  def avatar_template = object.user&.avatar_template
  def yours = scope.user.present? && object.user_id == scope.user.id
  def cooked = "<p>#{ERB::Util.html_escape(object.raw)}</p>"
end

class NotificationSerializer < ApplicationSerializer
  attributes :id, :user_id, :notification_type, :read, :created_at, :post_number, :topic_id,
             :slug, :fancy_title, :data, :notification_name

  # The front end of Discourse knows the names by the numbers; here they are sent along.
  def notification_name = Notification.types.key(object.notification_type)
  def slug = object.topic&.slug
  def fancy_title = object.topic&.fancy_title
  def data = object.data_hash
end

class TopicViewSerializer < ApplicationSerializer
  def as_json(*)
    topic = object.topic
    {
      id: topic.id, title: topic.title, slug: topic.slug, category_id: topic.category_id,
      archetype: topic.archetype, message_bus_last_id: MessageBus.last_id("/topic/#{topic.id}"),
      post_stream: { posts: posts, stream: object.posts.map(&:id) }
    }
  end

  private

  def posts
    object.posts.map do |post|
      serializer = PostSerializer.new(post, scope: scope, root: false)
      serializer.topic_view = object
      serializer.as_json
    end
  end
end
