# frozen_string_literal: true

# The few of Discourse's fabricators that are used. Plugins add their own in spec/fabricators.
module Fabricators
  SEQUENCES = Hash.new(0)

  class << self
    def definitions = (@definitions ||= {})
    def define(name, &block) = definitions[name] = block

    def build(name, attributes)
      block = definitions.fetch(name.to_sym) { raise "no fabricator #{name}" }
      block.call(SEQUENCES[name] += 1, attributes)
    end
  end

  define(:user) do |n, attributes|
    User.create!({ username: "bruce#{n}", name: "Bruce Wayne #{n}" }.merge(attributes))
  end
  define(:admin) do |n, attributes|
    User.create!({ username: "admin#{n}", name: "Admin #{n}", admin: true }.merge(attributes))
  end
  define(:moderator) do |n, attributes|
    User.create!({ username: "mod#{n}", moderator: true }.merge(attributes))
  end
  define(:group) { |n, attributes| Group.create!({ name: "my_group_#{n}" }.merge(attributes)) }
  define(:category) do |n, attributes|
    Category.create!({ name: "Amazing Category #{n}", slug: "amazing-#{n}" }.merge(attributes))
  end
  define(:private_category) do |n, attributes|
    group = attributes.delete(:group)
    Category.create!(
      {
        name: "Private Category #{n}",
        read_restricted: true,
        group_ids: [group.id],
      }.merge(attributes),
    )
  end
  define(:topic) do |n, attributes|
    Topic.create!({ title: "This is a test topic #{n}" }.merge(attributes))
  end
  define(:private_message_topic) do |n, attributes|
    recipient = attributes.delete(:recipient)
    topic =
      Topic.create!(
        { title: "A private message #{n}", archetype: "private_message" }.merge(attributes),
      )
    [recipient, topic.user].compact.each { |user| topic.allowed_users << user }
    topic
  end
  define(:post) do |n, attributes|
    attributes = attributes.dup
    attributes[:topic] ||= Fabricate(:topic)
    attributes[:user] = Fabricate(:user) unless attributes.key?(:user)
    number = Post.with_deleted.where(topic_id: attributes[:topic].id).maximum(:post_number).to_i + 1
    Post.create!({ post_number: number, raw: "Hello world #{n}" }.merge(attributes))
  end
  define(:whisper) do |_n, attributes|
    Fabricate(:post, post_type: Post.types[:whisper], **attributes)
  end
  define(:notification) do |_n, attributes|
    Notification.create!({ notification_type: 1, data: "{}" }.merge(attributes))
  end
end

# As much of the fabrication gem's language as `Fabricator(:tip, from: "FiberLink::Tip")` uses:
# attributes by value, by a block of what is there so far, and sequences.
class Fabrication
  def initialize(overrides)
    @attributes = overrides.dup
  end

  def self.build(klass, overrides, block)
    fabrication = new(overrides)
    fabrication.instance_eval(&block) if block
    klass.create!(fabrication.attributes)
  end

  attr_reader :attributes

  def sequence(name, &block)
    number = Fabricators::SEQUENCES[name] += 1
    block ? block.call(number) : number
  end

  def method_missing(name, value = nil, &block)
    return if @attributes.key?(name)
    @attributes[name] = block ? block.call(@attributes) : value
  end

  def respond_to_missing?(*) = true
end

def Fabricate(name, **attributes) = Fabricators.build(name, attributes)

def Fabricator(name, from:, &block)
  Fabricators.define(name) do |_n, attributes|
    Fabrication.build(from.constantize, attributes, block)
  end
end
