# frozen_string_literal: true

require "active_support/core_ext/numeric/time"
require "active_support/core_ext/class/attribute"

# Checks of the admin dashboard. Its text is made anew from `translation_data` whenever it is shown,
# so a text of its own for one occasion would be lost, and is refused here.
class ProblemCheck
  PRIORITIES = %w[low high].freeze
  NO_TARGET = "__NULL__"

  class Problem
    attr_reader :message, :priority, :identifier, :target, :details

    def initialize(message, priority:, identifier:, target: nil, details: {})
      raise ArgumentError, "priority: #{priority}" unless PRIORITIES.include?(priority)
      @message = message
      @priority = priority
      @identifier = identifier
      @target = target
      @details = details
    end

    def to_s = message
  end

  class_attribute :enabled, default: true, instance_accessor: false
  class_attribute :priority, default: "low", instance_accessor: false
  class_attribute :perform_every, instance_accessor: false
  class_attribute :max_retries, default: 2, instance_accessor: false
  class_attribute :retry_after, default: 30.seconds, instance_accessor: false
  class_attribute :max_blips, default: 0, instance_accessor: false

  class << self
    def identifier = name.demodulize.underscore.to_sym
    def scheduled? = perform_every.present?
    def realtime? = !scheduled?
  end

  attr_reader :target

  def initialize(target = NO_TARGET) = (@target = target)
  def call = raise(NotImplementedError)

  private

  def problem
    name = self.class.identifier
    data = { base_path: Discourse.base_path, **translation_data }
    text = I18n.t!("dashboard.problem.#{name}", **data)
    Problem.new(text, priority: self.class.priority, identifier: name)
  end

  def no_problem = nil
  def translation_data(_target = nil) = {}
end
