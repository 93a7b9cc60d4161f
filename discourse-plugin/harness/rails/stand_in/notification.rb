# frozen_string_literal: true

class Notification < ActiveRecord::Base
  belongs_to :user
  belongs_to :topic, optional: true

  validates :data, :notification_type, presence: true
  scope :unread, -> { where(read: false) }
  after_commit(on: :create) { DiscourseEvent.trigger(:notification_created, self) }
  after_commit { User.find_by(id: user_id)&.publish_notifications_state }

  def self.types = (@types ||= Enum.new(mentioned: 1, replied: 2, liked: 5, custom: 14))

  def data_hash
    @data_hash ||= data.blank? ? {} : JSON.parse(data).with_indifferent_access
  end

  def reload(*)
    @data_hash = nil
    super
  end

  def url = topic&.relative_url(post_number)
end
