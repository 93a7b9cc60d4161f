# frozen_string_literal: true

class Notification < ActiveRecord::Base
  belongs_to :user
  belongs_to :topic, optional: true

  validates :data, :notification_type, presence: true
  scope :unread, -> { where(read: false) }
  after_commit(on: :create) { DiscourseEvent.trigger(:notification_created, self) }
  after_commit { User.find_by(id: user_id)&.publish_notifications_state }

  def self.types = (@types ||= Enum.new(mentioned: 1, replied: 2, liked: 5, custom: 14))

  def self.consolidate_or_create!(params)
    notification = new(params)
    plans = DiscoursePluginRegistry.notification_consolidation_plans
    plan = plans.detect { |candidate| candidate.can_consolidate_data?(notification) }
    plan ? plan.consolidate_or_save!(notification) : notification.tap(&:save!)
  end

  def data_hash
    @data_hash ||= data.blank? ? {} : JSON.parse(data).with_indifferent_access
  end

  def reload(*)
    @data_hash = nil
    super
  end

  def url = topic&.relative_url(post_number)
end

module Notifications
  class ConsolidationPlan
    def set_precondition(precondition_blk:)
      tap { @precondition_blk = precondition_blk }
    end

    def set_mutations(set_data_blk:)
      tap { @set_data_blk = set_data_blk }
    end

    def can_consolidate_data?(_notification) = raise(NotImplementedError)
    def consolidate_or_save!(_notification) = raise(NotImplementedError)

    private

    def consolidated_data(notification)
      @set_data_blk ? @set_data_blk.call(notification) : notification.data_hash
    end

    def user_notifications(notification, type)
      notification.user.notifications.where(notification_type: type)
    end
  end

  # Saves a notification and deletes the earlier ones that a block finds.
  class DeletePreviousNotifications < ConsolidationPlan
    def initialize(type:, previous_query_blk:)
      super()
      @type = type
      @previous_query_blk = previous_query_blk
    end

    def can_consolidate_data?(notification)
      return false if notification.notification_type != @type
      @data = consolidated_data(notification)
      @precondition_blk.nil? || @precondition_blk.call(@data, notification)
    end

    def consolidate_or_save!(notification)
      @data ||= consolidated_data(notification)
      return unless can_consolidate_data?(notification)
      earlier = user_notifications(notification, @type)
      earlier = @previous_query_blk.call(earlier, @data) if @previous_query_blk
      notification.data = @data.to_json
      Notification.transaction do
        earlier.destroy_all
        notification.save!
      end
      notification
    end
  end
end
