# frozen_string_literal: true

# Jobs are kept for specs; the web server of config.ru runs them in threads.
module Jobs
  class Base
    class << self
      def cluster_concurrency(count = nil)
        count ? (@cluster_concurrency = count) : @cluster_concurrency
      end

      def sidekiq_options(options = nil) = options ? (@sidekiq_options = options) : @sidekiq_options
      def every(*) = raise("only scheduled jobs repeat")

      # The enqueued ones, as Sidekiq's fake has them.
      def jobs = Jobs.enqueued.select { |job| job.name == job_name }.map(&:to_sidekiq)
      def clear = Jobs.enqueued.reject! { |job| job.name == job_name }

      private

      def job_name = name.demodulize.underscore.to_sym
    end
  end

  class Scheduled < Base
    def self.every(interval = nil) = interval ? (@every = interval) : @every
  end

  Enqueued = Struct.new(:name, :args, :at) do
    def to_sidekiq = { "args" => [args.deep_stringify_keys], "at" => at }.compact
  end

  class << self
    def enqueued = (@enqueued ||= [])
    attr_accessor :runner

    def enqueue(name, args = {}) = add(name, args, 0)
    def enqueue_in(delay, name, args = {}) = add(name, args, delay.to_f)
    def find(name) = const_get(name.to_s.camelize)
    def scheduled = constants.map { |name| const_get(name) }.select { |job| scheduled?(job) }

    private

    def scheduled?(job) = job.is_a?(Class) && job < Scheduled

    def add(name, args, delay)
      raise "no such job: #{name}" unless const_defined?(name.to_s.camelize)
      args.to_json
      return runner.call(find(name), args, delay) && nil if runner
      at = delay.positive? ? Time.now.to_f + delay : nil
      enqueued << Enqueued.new(name.to_sym, args, at)
      nil
    end
  end
end
