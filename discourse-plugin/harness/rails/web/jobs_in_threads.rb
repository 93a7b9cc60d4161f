# frozen_string_literal: true

module StandIn
  # Runs jobs as Sidekiq would: enqueued ones in threads, scheduled ones when their time has come.
  module JobsInThreads
    class << self
      def start
        Jobs.runner = ->(job, args, delay) { run_later(job, args, delay) }
        Jobs.scheduled.each { |job| repeat(job) }
      end

      private

      def run_later(job, args, delay)
        Thread.new do
          sleep delay
          perform(job, args)
        end
      end

      def repeat(job)
        seconds = ENV.fetch("STAND_IN_SCHEDULE_SECONDS", job.every.to_i).to_f
        Thread.new do
          loop do
            perform(job, {})
            sleep seconds
          end
        end
      end

      def perform(job, args)
        Rails.application.executor.wrap { job.new.execute(args.with_indifferent_access) }
      rescue StandardError => e
        Discourse.warn_exception(e, message: "job #{job.name} failed")
      end
    end
  end
end
